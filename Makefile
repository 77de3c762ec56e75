# Measurements on the program itself; docs/reliability.md says what they mean.

SOAK = cargo build --locked --release --bin policy-echo \
	&& python3 evaluation/adversarial.py target/adversarial --scale $(1) \
	&& cargo run --locked --quiet --example soak -- all $(2)

.PHONY: soak soak-short

soak:
	$(call SOAK,small,)

soak-short:
	$(call SOAK,tiny,--short)
