// Callers sign in by Entra ID; the platform checks their tokens and tells the app who they are.
@description('The app that callers reach.')
param appName string

@description('The client id of the application of Entra ID that callers sign in to.')
param clientId string

@description('Its tenant.')
param tenantId string

resource app 'Microsoft.App/containerApps@2025-07-01' existing = {
  name: appName

  resource authentication 'authConfigs' = {
    name: 'current'
    properties: {
      platform: { enabled: true }
      globalValidation: {
        unauthenticatedClientAction: 'Return401'
        // Exact paths: nothing below them is let through.
        excludedPaths: ['/v2/health/live', '/v2/health/ready']
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
