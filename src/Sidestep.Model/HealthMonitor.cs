using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>How the director probes a real server.</summary>
public sealed record HealthMonitor
{
    /// <summary>Name of the monitor, 1 to 63 characters; unique among the monitors.</summary>
    public required string Name { get; init; }

    /// <summary>Labels and annotations of the operator.</summary>
    public Metadata Metadata { get; init; } = Metadata.None;

    /// <summary>The protocol that a probe speaks.</summary>
    public required MonitorType Type { get; init; }

    /// <summary>The destination of the probe, and the path to it.</summary>
    public ProbePath Probe { get; init; } = ProbePath.DsrPath;

    /// <summary>From the start of a probe to the start of the next, without the jitter.</summary>
    public TimeSpan Interval { get; init; } = DefaultInterval;

    /// <summary>A probe without a response within this time has failed; at most <see cref="Interval"/>.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>Successful probes in a row after which a check is up.</summary>
    public int Rise { get; init; } = DefaultRise;

    /// <summary>Failed probes in a row after which a check is down.</summary>
    public int Fall { get; init; } = DefaultFall;

    /// <summary>Random variation of the interval, in percent, so that probes do not synchronise.</summary>
    public int JitterPercent { get; init; } = DefaultJitterPercent;

    /// <summary>The port to probe; null: the first port of each service.</summary>
    public int? Port { get; init; }

    /// <summary>The data that a TCP or UDP probe sends, one byte per character; null: none.</summary>
    public string? Send { get; init; }

    /// <summary>Text that the response must contain, one byte per character; null: any response is a success.</summary>
    public string? Expect { get; init; }

    /// <summary>The request and the expected response of HTTP and HTTPS; null for other types.</summary>
    public HttpExpectation? Http { get; init; }

    /// <summary>How an HTTPS probe checks the certificate; null for other types.</summary>
    public TlsExpectation? Tls { get; init; }

    /// <summary>The query and the expected response of DNS; null for other types.</summary>
    public DnsExpectation? Dns { get; init; }

    /// <summary>The program and its arguments; empty for other types.</summary>
    public ImmutableArray<string> Command { get; init; } = [];

    /// <summary>The default of <see cref="Interval"/>: two seconds.</summary>
    public static TimeSpan DefaultInterval { get; } = TimeSpan.FromSeconds(2);

    /// <summary>The default of <see cref="Timeout"/>: one second.</summary>
    public static TimeSpan DefaultTimeout { get; } = TimeSpan.FromSeconds(1);

    /// <summary>The default of <see cref="Rise"/>: two probes.</summary>
    public const int DefaultRise = 2;

    /// <summary>The default of <see cref="Fall"/>: two probes.</summary>
    public const int DefaultFall = 2;

    /// <summary>The default of <see cref="JitterPercent"/>: 10 percent.</summary>
    public const int DefaultJitterPercent = 10;

    /// <summary>The default monitor for TCP services: a connection to the VIP and port.</summary>
    public static HealthMonitor DefaultTcp { get; } = new() { Name = "tcp", Type = MonitorType.Tcp };

    /// <summary>The default monitor for VIPs without a TCP service: an ICMP echo of the VIP. The director does not know
    /// what a UDP service would respond to.</summary>
    public static HealthMonitor DefaultIcmp { get; } = new() { Name = "icmp", Type = MonitorType.Icmp };
}

/// <summary>The protocol that a probe speaks, or the program that it runs.</summary>
public enum MonitorType
{
    /// <summary>A TCP connection, and optionally an exchange over it.</summary>
    Tcp,

    /// <summary>A datagram and its response.</summary>
    Udp,

    /// <summary>An HTTP request (RFC 9112).</summary>
    Http,

    /// <summary>An HTTP request over TLS.</summary>
    Https,

    /// <summary>A DNS query over UDP (RFC 1035).</summary>
    Dns,

    /// <summary>An ICMP echo (RFC 792, RFC 4443).</summary>
    Icmp,

    /// <summary>A program; its exit code is the result.</summary>
    Command,
}

/// <summary>The destination of a probe, and the path to it.</summary>
public enum ProbePath
{
    /// <summary>Like a client's packet: to the VIP, in the server's encapsulation. The response must come from the
    /// VIP.</summary>
    DsrPath,

    /// <summary>To the server's own address, which verifies nothing about the VIP.</summary>
    Server,

    /// <summary>Two checks: one by the DSR path, one at the server's own address.</summary>
    Both,
}

/// <summary>An HTTP request and its expected response.</summary>
/// <param name="Path">The request target; begins with a slash.</param>
/// <param name="Host">The Host header; null: the address that is probed.</param>
/// <param name="StatusCodes">The status codes of success: ranges, both ends included.</param>
/// <param name="ExpectedText">What the first 64 KiB of the body must contain, one byte per character; null:
/// anything.</param>
public sealed record HttpExpectation(string Path, string? Host, ImmutableArray<PortRange> StatusCodes,
    string? ExpectedText);

/// <summary>How a probe checks a certificate.</summary>
/// <param name="Check">How strictly.</param>
/// <param name="CaFile">PEM file of the trusted authorities; null: those of the machine.</param>
/// <param name="ServerName">The name in the certificate and in the handshake (SNI); null: none.</param>
public sealed record TlsExpectation(TlsCheck Check, string? CaFile, string? ServerName);

/// <summary>How strictly a probe checks a certificate.</summary>
public enum TlsCheck
{
    /// <summary>Any certificate is accepted.</summary>
    None,

    /// <summary>A trusted authority must have issued it, and it must not have expired.</summary>
    Chain,

    /// <summary>Like <see cref="Chain"/>; it must also be valid for the server's name.</summary>
    Name,
}

/// <summary>A DNS query and its expected response.</summary>
/// <param name="Name">The domain name.</param>
/// <param name="Type">The record type.</param>
/// <param name="ResponseCode">The expected RCODE (RFC 1035 section 4.1.1): 0 is no error.</param>
/// <param name="Address">An address that must be among the answers; null: any answers.</param>
public sealed record DnsExpectation(string Name, DnsRecordType Type, int ResponseCode, IPAddress? Address);

/// <summary>Types of DNS records, by their numbers (RFC 1035 section 3.2.2, RFC 3596).</summary>
public enum DnsRecordType
{
    /// <summary>An IPv4 address (RFC 1035 section 3.4.1).</summary>
    A = 1,

    /// <summary>An authoritative name server (RFC 1035 section 3.3.11).</summary>
    Ns = 2,

    /// <summary>The start of a zone of authority (RFC 1035 section 3.3.13).</summary>
    Soa = 6,

    /// <summary>Text strings (RFC 1035 section 3.3.14).</summary>
    Txt = 16,

    /// <summary>An IPv6 address (RFC 3596 section 2.1).</summary>
    Aaaa = 28,
}

/// <summary>How many monitors of a server must be up.</summary>
/// <param name="Count">The number; 0: all.</param>
public readonly record struct MinHealthyMonitors(int Count)
{
    /// <summary>All monitors of the server must be up.</summary>
    public static MinHealthyMonitors All => default;

    /// <summary>How many of the monitors of a server must be up: never more than there are.</summary>
    /// <param name="monitors">How many monitors the server has.</param>
    public int Of(int monitors) => Count == 0 ? monitors : Math.Min(Count, monitors);
}

/// <summary>The requirements, beside its monitors, that a new or recovered server must meet before it gets
/// traffic.</summary>
/// <param name="RequireAgent">True: its agent must have reported it healthy.</param>
public sealed record Admission(bool RequireAgent)
{
    /// <summary>The monitors alone decide.</summary>
    public static Admission Default { get; } = new(RequireAgent: false);
}
