# NPM_TOKEN=hunter2 bakeplan plan
variable "NPM_TOKEN" {}

target "app" {
  matrix = { version = ["1"] }
  name   = "app/${NPM_TOKEN}"
}
