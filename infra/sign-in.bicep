// Callers sign in by Entra ID; the platform checks their tokens and tells the app who they are. It sets
// WEBSITE_AUTH_ENABLED, by which the app knows that it may believe the header; nobody else may.
import { SignIn } from 'types.bicep'

@description('The app.')
param appName string

@description('The application of Entra ID.')
param signIn SignIn

resource app 'Microsoft.Web/sites@2024-04-01' existing = {
  name: appName

  resource authentication 'config' = {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true, runtimeVersion: '~1' }
      globalValidation: {
        requireAuthentication: true
        unauthenticatedClientAction: 'Return401'
        // Health is anonymous; Event Grid has a key of the host. Exact paths: nothing below them is let through. What
        // somebody who signed in may do, the app decides by roles.
        excludedPaths: ['/v2/health/live', '/v2/health/ready', '/runtime/webhooks/blobs']
      }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: signIn.clientId
            openIdIssuer: '${environment().authentication.loginEndpoint}${signIn.?tenantId ?? tenant().tenantId}/v2.0'
          }
          validation: { allowedAudiences: ['api://${signIn.clientId}', signIn.clientId] }
        }
      }
      login: { tokenStore: { enabled: false } }
      httpSettings: { requireHttps: true }
    }
  }
}
