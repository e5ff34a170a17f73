# The program's own image. Each platform is built on a machine of its own, which compiles the program first.

# GitHub sets it.
variable "GITHUB_REPOSITORY_OWNER" { default = "localhost" }

image {
  workflow {
    install = "action=./"
    setup   = "./.github/actions/static"
  }
}

group "default" {
  targets = ["bakeplan"]
}

target "bakeplan" {
  context   = ".github/image"
  platforms = ["linux/amd64", "linux/arm64"]
}

image "bakeplan" {
  repositories = ["ghcr.io/${lower(GITHUB_REPOSITORY_OWNER)}/bakeplan"]
  version      = { pattern = "{{ tag }}", when = "tag" }
  tags = [
    { pattern = "{{ version }}", when = "tag" },
    { pattern = "{{ major }}.{{ minor }}", when = "tag" },
    { pattern = "latest", when = "tag" },
    { pattern = "edge", when = "default_branch" },
  ]
  oci_labels   = true
}
