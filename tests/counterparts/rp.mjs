// A relying party nobody of this project wrote (npm openid-client, certified), driven line by line.
//
// Each line of standard input is a command in JSON, {"do": NAME, ...}; each is answered by one line of JSON:
// {"ok": result} or {"refused": {"error", "status", "why"}}. Certificates of servers are judged by NODE_EXTRA_CA_CERTS.
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { createInterface } from 'node:readline';

import * as client from 'openid-client';

let config;
let pending;
let identity = {};

// fetch of node 20 presents no client certificate: what openid-client wants sent goes through node:https instead.
const fetchAsMyself = (url, { method, headers, body }) =>
  new Promise((resolve, reject) => {
    const sent = request(url, { ...identity, method, headers: Object.fromEntries(new Headers(headers)) }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        const whole = parts.length ? Buffer.concat(parts) : null;
        resolve(new Response(whole, { status: answer.statusCode, headers: Object.entries(answer.headers).flatMap(pairs) }));
      });
    });
    sent.on('error', reject);
    sent.end(body === undefined || body === null ? undefined : String(body));
  });
const pairs = ([name, value]) => [value].flat().map((one) => [name, one]);

const tokens = (received) => ({ ...received, claims: received.claims() });

const commands = {
  discover: async ({ url, client_id, secret, cert, key }) => {
    commands.present({ cert, key });
    const authentication = secret ? client.ClientSecretBasic(secret) : client.TlsClientAuth();
    const metadata = secret ? { client_secret: secret } : {};
    config = await client.discovery(new URL(url), client_id, metadata, authentication, {
      [client.customFetch]: fetchAsMyself,
    });
    return config.serverMetadata();
  },

  // From now on with another certificate, or without any.
  present: ({ cert, key }) => {
    identity = cert ? { cert: readFileSync(cert), key: readFileSync(key) } : {};
    return null;
  },

  // The address to which a browser goes.
  authorize: async ({ redirect_uri, ...more }) => {
    const verifier = client.randomPKCECodeVerifier();
    pending = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
    return client.buildAuthorizationUrl(config, {
      redirect_uri,
      scope: 'openid scope_all',
      acr_values: 'eidas1',
      state: pending.expectedState,
      nonce: pending.expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...more,
    }).href;
  },

  // The address at which the browser came back; "checks" replaces what was drawn for it.
  callback: async ({ url, checks = {} }) =>
    tokens(await client.authorizationCodeGrant(config, new URL(url), { ...pending, idTokenExpected: true, ...checks })),

  refresh: async ({ refresh_token }) => tokens(await client.refreshTokenGrant(config, refresh_token)),
  userinfo: async ({ access_token, sub }) => client.fetchUserInfo(config, access_token, sub),
  introspect: async ({ token }) => client.tokenIntrospection(config, token),
  revoke: async ({ token }) => (await client.tokenRevocation(config, token)) ?? null,
  end_session: async (parameters) => client.buildEndSessionUrl(config, parameters).href,

  ciba: async (parameters) =>
    client.initiateBackchannelAuthentication(config, { scope: 'openid scope_all', acr_values: 'eidas1', ...parameters }),
  poll: async ({ request: started, seconds = 20 }) =>
    tokens(
      await client.pollBackchannelAuthenticationGrant(config, started, undefined, { signal: AbortSignal.timeout(seconds * 1000) }),
    ),
  // A grant that openid-client itself would not ask for: twice the same code, or an auth_req_id not yet answered.
  grant: async ({ grant_type, ...parameters }) => client.genericGrantRequest(config, grant_type, parameters),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...parameters } = JSON.parse(line);
  let answer;
  try {
    answer = { ok: await commands[name](parameters) };
  } catch (failure) {
    // The code of OAuth is in the body, or in WWW-Authenticate: openid-client then leaves the body unread.
    const { status = null, code = '', message, cause, response } = failure;
    const unread = response?.bodyUsed === false ? await response.json().catch(() => ({})) : {};
    const error = failure.error ?? cause?.[0]?.parameters?.error ?? unread.error ?? null;
    answer = { refused: { error, status, why: `${code} ${message} ${cause?.message ?? ''}`.trim() } };
  }
  console.log(JSON.stringify(answer));
}
