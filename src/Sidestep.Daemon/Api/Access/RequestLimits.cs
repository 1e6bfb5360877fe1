using System.Globalization;
using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Sidestep.Control.Access;

namespace Sidestep.Daemon.Api.Access;

/// <summary>Limits the requests of each client of the network, so that one cannot occupy the daemon.</summary>
internal sealed class RequestLimits : IDisposable
{
    /// <summary>How many requests a client may send at once, and how many per second after that.</summary>
    internal const int Burst = 300, PerSecond = 100;

    private readonly PartitionedRateLimiter<IPAddress> _limits = PartitionedRateLimiter.Create<IPAddress, IPAddress>(
        static address => RateLimitPartition.GetTokenBucketLimiter(address,
            static _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = Burst,
                TokensPerPeriod = PerSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            }));

    /// <summary>Passes a request on, or rejects it.</summary>
    /// <exception cref="HttpStatusException">The client sends too many requests (429).</exception>
    internal async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        using var lease = _limits.AttemptAcquire(ClientAddress.Of(context.Connection.RemoteIpAddress));
        if (!lease.IsAcquired)
            throw TooMany(context, TimeSpan.FromSeconds(1), $"more than {PerSecond} requests per second");
        await next(context).ConfigureAwait(false);
    }

    /// <summary>The error of a client that must wait.</summary>
    internal static HttpStatusException TooMany(HttpContext context, TimeSpan delay, string reason)
    {
        int seconds = (int)Math.Ceiling(delay.TotalSeconds);
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return new HttpStatusException(StatusCodes.Status429TooManyRequests, "too many requests",
            $"{reason}: try again in {seconds} s");
    }

    public void Dispose() => _limits.Dispose();
}
