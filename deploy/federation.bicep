// Lets service accounts of a cluster work as the identity, without a secret.
import { Cluster } from 'types.bicep'

@description('The identity.')
param identityName string

@description('The cluster, and who there.')
param cluster Cluster

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

// One after the other: the platform refuses two at once.
@batchSize(1)
resource trust 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = [
  for account in cluster.serviceAccounts: {
    parent: identity
    name: replace(account, ':', '-')
    properties: {
      issuer: cluster.issuer
      subject: 'system:serviceaccount:${account}'
      audiences: ['api://AzureADTokenExchange']
    }
  }
]
