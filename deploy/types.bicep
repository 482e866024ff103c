// What the parameters are made of.
@export()
@description('A Kubernetes cluster with workload identity.')
type Cluster = {
  @description('What it calls itself in its tokens: `az aks show --query oidcIssuerProfile.issuerUrl`.')
  issuer: string
  @description('Service accounts that work as the identity, as namespace:name.')
  serviceAccounts: string[]
}
