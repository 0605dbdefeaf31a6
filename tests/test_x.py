from .strategies import gains
def test_a(): assert gains is not None
