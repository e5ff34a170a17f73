# NPM_TOKEN=hunter2 bakeplan plan
variable "NPM_TOKEN" {}

target "app" {
  platforms = ["linux/amd64"]
}

image "app" {
  repositories = ["ghcr.io/${NPM_TOKEN}/app"]
  tags         = [NPM_TOKEN]
  annotations  = { token = NPM_TOKEN }
  runners      = { default = NPM_TOKEN }
}
