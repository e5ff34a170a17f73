# bakeplan print
variable "TAG" {
  default = "${{ github.ref_name }}"
}
target "default" {
  tags    = ["ghcr.io/${{ github.repository }}:${{ env.VERSION || 'latest' }}", "a:${{ inputs.image-tag }}"]
  labels = {
    text = <<-EOT
      built by ${{ github.actor }} with ${{ format('{0}', matrix.os) }}
    EOT
    object = "${jsonencode({ a = 1 })}${{ a = 1 }.a}"
  }
}
target "app" {
  context = ${{ github.workspace }}
}
target "${{ matrix.name }}" {}
