// Where the image lies: first, as the apps can't be made before it is there.
@description('Where the registry stands.')
param location string = resourceGroup().location

@description('Its name, of the whole cloud.')
@minLength(5)
@maxLength(50)
param name string

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = {
  name: name
  location: location
  tags: { application: 'pilotlight' }
  sku: { name: 'Basic' }
  // By identity alone.
  properties: { adminUserEnabled: false }
}

output loginServer string = registry.properties.loginServer
