// What njs needs to verify GitHub's signature, for compare --peers.

import crypto from 'crypto';

function verify(r) {
    const mac = crypto.createHmac('sha256', r.variables.secret)
                      .update(r.requestBuffer || '').digest('hex');

    if (r.headersIn['X-Hub-Signature-256'] !== `sha256=${mac}`) {
        r.return(403);
        return;
    }

    r.internalRedirect('/application');
}

export default { verify };
