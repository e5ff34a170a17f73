# NPM_TOKEN=hunter2 bakeplan plan
variable "NPM_TOKEN" {}

variable "ENCODED" {
  default = base64encode(NPM_TOKEN)
}

target "app" {
  args = {
    PLAIN   = NPM_TOKEN
    WITHIN  = "x${NPM_TOKEN}"
    ENCODED = ENCODED
    DIGEST  = sha256(NPM_TOKEN)
  }
  labels    = { "${NPM_TOKEN}" = "key" }
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["linux/amd64"]
}

target "web" {
  matrix = { version = ["1"] }
  name   = "web-${NPM_TOKEN}"
}

group "all" {
  targets = ["web-${NPM_TOKEN}"]
}
