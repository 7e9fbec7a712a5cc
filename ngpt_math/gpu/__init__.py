"""What a GPU is needed for, as one plan that may be stopped at any time and goes on.

`ngpt gpu`, or `make gpu`, does the units of a plan one after the other: the device's own speed, the
bench of the models on it, learning-rate sweeps, and the runs that are compared. A unit is minutes
at most; its result is a small JSON file, so whoever borrows a device for a while carries those from
one loan to the next. `plan` says what the units are, `ledger` keeps what came of them, `work` does
one, `go` all of them, `parcels` packs what must travel, `results` writes the committed page.

How long it takes, on an H200, estimated before any run (`ngpt gpu --list` gives the estimate of
each unit, and once units like it are done, what those took). `small` has 10.5 million parameters,
9.4 million of them in products, so training on a token costs 6 · 9.4e6 + 6 · 8 · 256 · T FLOPs with
causal attention at a context of T: 69 MFLOP at 1,024, 107 MFLOP at 4,096. A sweep's run is 600
steps of 32,768 tokens, 1.4 or 2.1 PFLOP, a whole run is twice that; 18 and 12 of them are 826
million tokens and 73 PFLOP, under 4 minutes at 40 % of 790 TFLOP/s. So narrow a model does not get
there: what it waits for is memory and launches. At a million tokens a second, a tenth of that peak,
the runs take 14 minutes. Compiling, one graph for each kind and context, takes about 3 minutes,
validations, measures and files about 5, device and bench 5: 27 in all, and less if a million was
too careful.
"""
