// Callers sign in by Entra ID; the platform checks their tokens and tells the app who they are. It sets
// WEBSITE_AUTH_ENABLED, by which the app knows that it may believe the header; nobody else may.
@description('The app.')
param appName string

@description('The client id of the application of Entra ID that callers sign in to.')
param clientId string

@description('Its tenant.')
param tenantId string

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
            clientId: clientId
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenantId}/v2.0'
          }
          validation: { allowedAudiences: ['api://${clientId}', clientId] }
        }
      }
      login: { tokenStore: { enabled: false } }
      httpSettings: { requireHttps: true }
    }
  }
}
