// Callers sign in by Entra ID; the platform checks their tokens and tells the app who they are.
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
        // Health is anonymous, and so are calls with a function key: the app refuses the others itself.
        requireAuthentication: false
        unauthenticatedClientAction: 'AllowAnonymous'
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
