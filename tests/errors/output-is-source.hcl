# bakeplan bake -o ./docker-bake.hcl
target "app" {
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["linux/amd64"]
}
