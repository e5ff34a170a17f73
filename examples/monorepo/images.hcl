# What is published where. Bake does not read this file.

# For every image that does not say otherwise.
image {
  version = VERSION
  tags    = ["{{ version }}", "{{ major }}.{{ minor }}", "latest"]
  annotations = {
    "org.opencontainers.image.source" = "https://github.com/acme/monorepo"
  }
}

image "base" {
  repositories = ["${REGISTRY}/base"]
  tags         = ["{{ version }}"]
}

image "api" {
  repositories = ["${REGISTRY}/api"]
}

image "worker" {
  repositories = ["${REGISTRY}/worker"]
  platform "linux/s390x" {
    on_missing = "drop"
  }
}

image "migrate" {
  repositories = ["${REGISTRY}/migrate"]
}

image "web" {
  repositories = ["${REGISTRY}/web", "docker.io/acme/web"]
}

image "proxy" {
  repositories = ["${REGISTRY}/proxy"]
  platform "linux/arm64" {
    dockerfile = "Dockerfile.arm64"
    args       = { ARCH = "aarch64" }
    runner     = "arm-large"
  }
}
