"""Who is filmed: heads, skin, hair, and how action units move them."""
