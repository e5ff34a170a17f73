# A mirror is another repository than those that builds push to, and no other image has its tags.
target "app" {}
target "tool" {}

image "app" {
  repositories = ["ghcr.io/acme/app"]
  mirrors      = ["ghcr.io/acme/{{ image }}", "docker.io/acme/all", "docker.io/acme/all:1"]
  version      = "1.2.3"
}

image "tool" {
  repositories = ["ghcr.io/acme/tool"]
  mirrors      = ["acme/all"]
  version      = "1.2.3"
  tags         = ["{{ version }}"]
}
