//! The k-means algorithm, generic over a compute engine, and the reference engine in Burn tensor operations
