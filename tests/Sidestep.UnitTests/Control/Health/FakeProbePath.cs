using System.Net;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control.Health;

/// <summary>Servers behind a network, as the test wants them. Safe for threads.</summary>
internal sealed class FakeProbePath : IProbePath
{
    private readonly Lock _gate = new();
    private readonly List<CheckKey> _probed = [];
    private readonly List<(VrfAddress Server, IPAddress Vip, int Bytes, TimeSpan Timeout)> _echoes = [];

    /// <summary>The reply to a probe; called on the thread of the probe.</summary>
    public Func<Check, CancellationToken, Task<ProbeResult>> Reply { get; set; } = static (_, _) => Task
        .FromResult(ProbeResult.Success);

    /// <summary>By server: the MTU of the egress interface less the outer header.</summary>
    public Func<VrfAddress, int?> PathMtu { get; set; } = static _ => 1500;

    /// <summary>Bytes of the outer header.</summary>
    public const int OuterBytes = 20;

    /// <summary>The longest datagram that arrives.</summary>
    public int Bottleneck { get; set; } = int.MaxValue;

    /// <summary>Instead of <see cref="Bottleneck"/>: true if a datagram of this length arrives, called once for
    /// each.</summary>
    public Func<int, bool>? Passes { get; set; }

    public CheckKey[] Probed
    {
        get
        {
            lock (_gate)
                return [.. _probed];
        }
    }

    public (VrfAddress Server, IPAddress Vip, int Bytes, TimeSpan Timeout)[] Echoes
    {
        get
        {
            lock (_gate)
                return [.. _echoes];
        }
    }

    public Task<ProbeResult> ProbeAsync(Check check, CancellationToken cancellation)
    {
        lock (_gate)
            _probed.Add(check.Key);
        return Reply(check, cancellation);
    }

    public int? PathMtuOf(GroupKey group, VrfAddress server) => PathMtu(server);

    public int OuterBytesOf(GroupKey group, VrfAddress server) => OuterBytes;

    public Task<bool> EchoAsync(
        GroupKey group, VrfAddress server, IPAddress vip, int datagramBytes, TimeSpan timeout,
            CancellationToken cancellation)
    {
        lock (_gate)
            _echoes.Add((server, vip, datagramBytes, timeout));
        return Task.FromResult(Passes?.Invoke(datagramBytes) ?? datagramBytes <= Bottleneck);
    }
}
