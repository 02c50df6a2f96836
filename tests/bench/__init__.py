"""The benchmarks of docs/benchmarks.md: ratios of things measured side by side in one run, on a database of their own."""
