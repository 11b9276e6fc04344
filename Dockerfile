# The gateway and nothing else: no shell, no package manager, no user but its own, no demo.
#
#   docker build --build-arg VERSION=v1.2.3 -t vestibule:v1.2.3 .
#
# Where your registry has them, name base images by digest: golang:1.26@sha256:…
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
ENV GOMODCACHE=/cache/mod GOCACHE=/cache/build
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/cache/mod go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=
RUN --mount=type=cache,target=/cache/mod --mount=type=cache,target=/cache/build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false -tags nodemo -ldflags "-s -w -X main.stamped=$VERSION" -o /out/vestibule .
RUN mkdir -p /out/var/lib/vestibule

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build --chown=65532:65532 /out/var/lib/vestibule /var/lib/vestibule
COPY --from=build /out/vestibule /vestibule
USER 65532:65532
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=4s --start-period=10s --retries=3 CMD ["/vestibule", "healthcheck"]
ENTRYPOINT ["/vestibule"]
