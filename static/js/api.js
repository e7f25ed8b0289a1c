// Questions to the server that do not belong to the run: about a file, a link, a picture. The
// answer is the result, or what is wrong with the question, or that nobody answered.

/**
 * @param {string} path relative to the page @param {any} body bytes as they are, anything else as JSON @param {AbortSignal} [signal]
 * @returns {Promise<{result?: any, errors?: any[], failed?: boolean}>}
 */
export async function post(path, body, signal) {
  const raw = body instanceof ArrayBuffer;
  try {
    const response = await fetch(path, {
      method: "POST", signal, body: raw ? body : JSON.stringify(body), headers: { "content-type": raw ? "application/octet-stream" : "application/json" },
    });
    const answer = await response.json();
    if (response.ok) return { result: answer };
    return answer.errors ? { errors: answer.errors } : { failed: true };
  } catch {
    return { failed: true };
  }
}
