# TAG=1 VERSION=2 bakeplan print --var REGISTRY=ghcr.io
variable "TAGS" {}
target "a" {
  tags = ["app:${TAG}"]
}
target "b" {
  context = VERSION == "" ? "a" : "b"
}
target "c" {
  context = REGISTRY
}
target "d" {
  context = TAGES
}
