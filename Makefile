# Measurements on the program itself; docs/reliability.md says what they mean.

PROGRAM = cargo build --locked --release --bin policy-echo
SOAK = $(PROGRAM) \
	&& python3 evaluation/adversarial.py target/adversarial --scale $(1) \
	&& cargo run --locked --quiet --example soak -- all $(2)

.PHONY: soak soak-short soak-cost flood

# Everything, against the targets; wants the machine for itself.
soak:
	$(call SOAK,small,)

# The form that CI runs.
soak-short:
	$(call SOAK,tiny,--short --noisy)

# What the service adds to a comparison.
soak-cost:
	$(PROGRAM) && cargo run --locked --quiet --release --example soak -- cost

# Fifty thousand calls, silent peers, bombs, and somebody else who calls meanwhile.
flood:
	$(PROGRAM) && ulimit -n 20000 && cargo run --locked --quiet --example flood -- target/release/policy-echo
