/** An OAuth client as registered in Kommo; scopes and redirect URI are fixed there (reference kommo 1.2). */
export interface Integration {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly uninstallUrl: string | null;
  readonly name: string;
}
