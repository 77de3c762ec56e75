# syntax=docker/dockerfile:1
# A static program in an image that holds nothing else.

FROM rust:1-slim-bookworm AS build
WORKDIR /build
ENV RUSTFLAGS="-C target-feature=+crt-static"

# Dependencies first, on sources that are empty, so that they are built again only when the lock file changes.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src \
    && echo 'fn main() {}' | tee src/main.rs build.rs > src/lib.rs \
    && cargo build --locked --release --target "$(uname -m)-unknown-linux-gnu" --bin policy-echo \
    && rm -rf src build.rs

COPY build.rs ./
COPY proto proto
COPY data data
COPY src src
# Cargo goes by times: sources older than the empty ones would pass for built.
RUN find src build.rs -exec touch {} + \
    && cargo build --locked --release --target "$(uname -m)-unknown-linux-gnu" --bin policy-echo \
    && cp "target/$(uname -m)-unknown-linux-gnu/release/policy-echo" /policy-echo

FROM scratch
COPY --from=build /policy-echo /policy-echo
COPY LICENSE NOTICE /
# Nobody: no name is needed where there is no /etc/passwd.
USER 65532:65532
ENV POLICY_ECHO_LISTEN=0.0.0.0:50051 \
    POLICY_ECHO_LOG_FORMAT=json
EXPOSE 50051
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/policy-echo", "healthcheck"]
ENTRYPOINT ["/policy-echo"]
CMD ["serve"]
