"""The physical network, held against independent oracles."""
