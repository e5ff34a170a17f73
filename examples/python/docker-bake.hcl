variable "VERSION" { default = "3.14.1" }

group "default" { targets = ["python"] }

target "python" {
  args      = { PYTHON_VERSION = VERSION }
  platforms = ["linux/amd64", "linux/arm64", "linux/arm/v7"]
}

image "python" {
  repositories = ["docker.io/acme/python", "ghcr.io/acme/python"]
  version      = VERSION
  tags         = ["{{ version }}", "{{ major }}.{{ minor }}", "{{ major }}"]
}
