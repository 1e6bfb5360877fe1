using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Sidestep.Daemon.Api;

/// <summary>What a listener serves, and what each of its requests passes before.</summary>
/// <param name="Map">Adds the endpoints.</param>
/// <param name="Outer">Run first, and see the status of every response, errors included.</param>
/// <param name="Inner">Run within the handler of errors, before the policy: limits, authentication.</param>
internal sealed record ApiSite(Action<IEndpointRouteBuilder> Map, Func<HttpContext, RequestDelegate, Task>[] Outer,
    Func<HttpContext, RequestDelegate, Task>[] Inner);
