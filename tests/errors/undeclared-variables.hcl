# TAG=1 VERSION=2 bakeplan print --var REGISTRY=ghcr.io
variable "TAGS" {
  default = TAG
}
