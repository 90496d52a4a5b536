// An OpenID provider nobody of this project wrote (npm oidc-provider, certified), set as Pro Santé Connect is seen from outside.
//
//   node provider.mjs --cert CHAIN --key KEY --ca ANCHORS --register FILE
//
// FILE, in JSON: {"clients": [client metadata of OpenID Connect Registration], "professionals": [userinfo claims]}.
// Prints one line of JSON once it listens, {"issuer", "discovery", "wallet"}, and ends with its standard input.
//
// Two origins, as Pro Santé Connect: the issuer, which takes client certificates, and the wallet, which shows pages and
// stands for the professional's device as well:
//   GET  /devices                     logins that wait for an answer there
//   POST /devices/<id>  answer=accept|refuse
//   GET  /events                      names of what took effect, of EVENTS, in order
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { parseArgs, promisify } from 'node:util';

import Provider, { errors } from 'oidc-provider';

const { values: given } = parseArgs({
  options: { cert: { type: 'string' }, key: { type: 'string' }, ca: { type: 'string' }, register: { type: 'string' } },
});
const register = JSON.parse(readFileSync(given.register, 'utf8'));
const tls = { cert: readFileSync(given.cert), key: readFileSync(given.key), ca: readFileSync(given.ca) };

const REALM = '/auth/realms/esante-wallet';
const OWN = '/.well-known/wallet-openid-configuration';
const STANDARD = '/.well-known/openid-configuration';
const OPENID = '/protocol/openid-connect';
const LEVEL = 'eidas1';
const SCOPE = 'openid scope_all';
const EVENTS = ['grant.success', 'grant.revoked', 'refresh_token.consumed', 'end_session.success', 'userinfo.error'];
const FEDERATION = 'f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:';

const listen = async (options) => {
  const server = createServer({ ...tls, ...options });
  await promisify(server.listen.bind(server))(0, '127.0.0.1');
  return [server, `https://127.0.0.1:${server.address().port}`];
};
const [issuerServer, issuerOrigin] = await listen({ requestCert: true, rejectUnauthorized: false });
const [walletServer, walletOrigin] = await listen({});

const professionals = new Map(register.professionals.map((claims) => [claims.SubjectNameID, claims]));
const claimNames = [...new Set(register.professionals.flatMap(Object.keys))];
const devices = new Map();

const certificateOf = (ctx) => ctx.socket.getPeerX509Certificate?.();
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

async function granted(accountId, clientId) {
  const grant = new provider.Grant({ accountId, clientId });
  grant.addOIDCScope(SCOPE);
  return grant;
}

const provider = new Provider(`${issuerOrigin}${REALM}`, {
  clients: register.clients,
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'counterpart', alg: 'RS256', use: 'sig' }] },
  cookies: { keys: ['for one run of one test'], long: { sameSite: 'none' } },
  enableHttpPostMethods: true,
  responseTypes: ['code'],
  scopes: ['openid', 'scope_all'],
  acrValues: [LEVEL],
  claims: { acr: null, sid: null, auth_time: null, iss: null, openid: ['sub'], scope_all: claimNames },
  conformIdTokenClaims: false,
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'tls_client_auth'],
  pkce: { required: () => true },
  ttl: {
    AccessToken: 120,
    AuthorizationCode: 60,
    BackchannelAuthenticationRequest: 120,
    Grant: 14400,
    IdToken: 120,
    Interaction: 600,
    RefreshToken: 1800,
    Session: 14400,
  },
  routes: {
    authorization: '/auth',
    backchannel_authentication: `${OPENID}/ext/ciba/auth`,
    end_session: `${OPENID}/logout`,
    introspection: `${OPENID}/token/introspect`,
    jwks: `${OPENID}/certs`,
    pushed_authorization_request: `${OPENID}/ext/par/request`,
    revocation: `${OPENID}/revoke`,
    token: `${OPENID}/token`,
    userinfo: `${OPENID}/userinfo`,
  },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    dPoP: { enabled: false },
    introspection: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
    revocation: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        ctx.body = form.replace('</form>', '<button name="logout" value="yes">Se déconnecter</button></form>');
      },
    },
    mTLS: {
      enabled: true,
      tlsClientAuth: true,
      certificateBoundAccessTokens: true,
      getCertificate: (ctx) => certificateOf(ctx)?.toString(),
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, _, expected) =>
        certificateOf(ctx).subject.split('\n').reverse().join(',') === expected,
    },
    ciba: {
      enabled: true,
      deliveryModes: ['poll'],
      processLoginHint: (_, hint) => (professionals.has(hint) ? FEDERATION + hint : undefined),
      validateRequestContext: () => {},
      verifyUserCode: () => {},
      validateBindingMessage: (_, message) => {
        if (!/^[0-9]{2}$/.test(message)) throw new errors.InvalidBindingMessage('binding_message is two digits');
      },
      triggerAuthenticationDevice: (_, request) => {
        devices.set(request.jti, request);
      },
    },
  },
  extraParams: {
    channel: (ctx, value) => {
      if (ctx.oidc.route === 'backchannel_authentication' && !['CARD', 'MOBILE'].includes(value)) {
        throw new errors.InvalidRequest('channel is CARD or MOBILE');
      }
    },
  },
  findAccount: (_, accountId) => {
    const claims = professionals.get(accountId.slice(FEDERATION.length));
    return claims && { accountId, claims: () => ({ ...claims, sub: accountId }) };
  },
  loadExistingGrant: async (ctx) => {
    const grant = await granted(ctx.oidc.session.accountId, ctx.oidc.client.clientId);
    await grant.save();
    return grant;
  },
  issueRefreshToken: () => true,
  rotateRefreshToken: () => true,
  // Software is told of a logout on this machine, where oidc-provider by itself sends nothing.
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
  interactions: { url: (_, interaction) => `${walletOrigin}/interaction/${interaction.uid}` },
});
provider.on('server_error', (_, error) => console.error(error));
const events = [];
for (const name of EVENTS) provider.on(name, () => events.push(name));

// What Pro Santé Connect does otherwise than oidc-provider: where its discovery document is, that a browser is sent to
// another origin, and that it says how often it may be polled.
provider.use(async (ctx, next) => {
  await next();
  if (ctx.path === STANDARD) ctx.body = { ...ctx.body, authorization_endpoint: `${walletOrigin}/auth` };
  if (ctx.body?.auth_req_id) ctx.body = { ...ctx.body, interval: 1 };
});
const handle = provider.callback();

issuerServer.on('request', (request, response) => {
  const asked = request.url.startsWith(`${REALM}/`) ? request.url.slice(REALM.length) : '/';
  if (!asked.startsWith(`${OPENID}/`) && asked !== OWN) {
    response.writeHead(404).end();
    return;
  }
  request.url = asked === OWN ? STANDARD : asked;
  request.originalUrl = REALM + request.url;
  handle(request, response);
});

const field = async (request, name) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  return new URLSearchParams(body).get(name);
};

async function interact(request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const asked = [params.scope, params.acr_values, params.response_type].join(' ');
  if (asked !== `${SCOPE} ${LEVEL} code` || !params.state || !params.nonce) {
    response.writeHead(400).end('not the request Pro Santé Connect expects');
  } else if (request.method === 'GET') {
    const choice = [...professionals.keys()].map((id) => `<option>${id}</option>`).join('');
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(`<form method="post" action="${request.url}"><select name="who"><option>refuse</option>${choice}</select></form>`);
  } else {
    const who = await field(request, 'who');
    const result = professionals.has(who)
      ? { login: { accountId: FEDERATION + who, acr: LEVEL } }
      : { error: 'access_denied', error_description: 'the professional refused' };
    await provider.interactionFinished(request, response, result);
  }
}

async function answer(request, response, id) {
  const pending = devices.get(id);
  if (!pending) {
    response.writeHead(404).end();
    return;
  }
  devices.delete(id);
  if ((await field(request, 'answer')) === 'accept') {
    const grant = await granted(pending.accountId, pending.clientId);
    await grant.save();
    await provider.backchannelResult(pending, grant, { acr: LEVEL, sid: grant.jti });
  } else {
    await provider.backchannelResult(pending, new errors.AccessDenied('the professional refused'));
  }
  response.writeHead(204).end();
}

const tell = (response, what) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(what));

walletServer.on('request', (request, response) => {
  const [, page, id] = new URL(request.url, walletOrigin).pathname.split('/');
  const failed = (error) => {
    console.error(error);
    response.writeHead(500).end();
  };
  if (page === 'auth') handle(request, response);
  else if (page === 'interaction') interact(request, response).catch(failed);
  else if (page === 'devices' && id) answer(request, response, id).catch(failed);
  else if (page === 'devices') tell(response, [...devices].map(([waiting, { params }]) => ({ id: waiting, params })));
  else if (page === 'events') tell(response, events);
  else response.writeHead(404).end();
});

process.stdin.on('end', () => process.exit()).resume();
const ready = { issuer: provider.issuer, discovery: provider.issuer + OWN, wallet: walletOrigin };
console.log(JSON.stringify(ready));
