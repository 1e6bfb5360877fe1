using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sidestep.Api;

namespace Sidestep.Daemon.Api;

/// <summary>The limits of a listener on the network.</summary>
/// <param name="Connections">The most connections at once.</param>
/// <param name="Body">The largest body of a request, bytes.</param>
internal sealed record ListenerLimits(int Connections, long Body)
{
    private const int Headers = 64;

    private const int HeaderBytes = 16 << 10;

    private static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Each real server holds one connection; the number is above the largest installation.</summary>
    internal static ListenerLimits OfAgents { get; } = new(20_000, ApiPaths.LongestBody);

    internal static ListenerLimits OfMetrics { get; } = new(64, 0);

    internal static ListenerLimits OfOperators { get; } = new(512, ApiPaths.LongestLocalBody);

    internal void Apply(KestrelServerLimits limits)
    {
        limits.MaxConcurrentConnections = Connections;
        limits.MaxRequestBodySize = Body;
        limits.MaxRequestHeaderCount = Headers;
        limits.MaxRequestHeadersTotalSize = HeaderBytes;
        limits.RequestHeadersTimeout = HeaderTimeout;
    }
}
