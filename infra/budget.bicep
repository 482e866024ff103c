// Tells somebody before the month becomes expensive.
@description('What a month may cost, in the subscription\'s currency.')
@minValue(1)
param amount int

@description('Who is told.')
param contacts string[]

@description('The month in which it begins. It can\'t be changed later: Azure refuses another one.')
param startDate string

resource budget 'Microsoft.Consumption/budgets@2023-11-01' = {
  name: 'monthly'
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: { startDate: startDate }
    notifications: {
      expected: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: contacts
      }
      mostOfIt: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: contacts
      }
    }
  }
}
