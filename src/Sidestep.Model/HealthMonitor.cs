using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>How a real server is asked whether it serves.</summary>
public sealed record HealthMonitor
{
    /// <summary>Unique among the monitors.</summary>
    public required string Name { get; init; }

    /// <summary>What is asked.</summary>
    public required MonitorType Type { get; init; }

    /// <summary>By which way.</summary>
    public ProbePath Probe { get; init; } = ProbePath.DsrPath;

    /// <summary>From the beginning of a probe to that of the next, jitter aside.</summary>
    public TimeSpan Interval { get; init; } = DefaultInterval;

    /// <summary>What is not answered by then has failed; at most <see cref="Interval"/>.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>Good probes in a row that bring it up, see also <see cref="Admission.GoodProbes"/>.</summary>
    public int Rise { get; init; } = DefaultRise;

    /// <summary>Bad probes in a row that take it down.</summary>
    public int Fall { get; init; } = DefaultFall;

    /// <summary>Percent of the interval that a pause is longer or shorter at most, so that probes do not come in step.</summary>
    public int JitterPercent { get; init; } = DefaultJitterPercent;

    /// <summary>The port, or null: that of the service.</summary>
    public int? Port { get; init; }

    /// <summary>What TCP and UDP send, a byte per character; null: nothing.</summary>
    public string? Send { get; init; }

    /// <summary>What the answer to it contains, a byte per character; null: any answer does.</summary>
    public string? Expect { get; init; }

    /// <summary>Of HTTP and HTTPS; null for the other types.</summary>
    public HttpExpectation? Http { get; init; }

    /// <summary>Of HTTPS; null for the other types.</summary>
    public TlsExpectation? Tls { get; init; }

    /// <summary>Of DNS; null for the other types.</summary>
    public DnsExpectation? Dns { get; init; }

    /// <summary>The program and its arguments; empty for the other types.</summary>
    public ImmutableArray<string> Command { get; init; } = [];

    /// <summary>Two seconds.</summary>
    public static TimeSpan DefaultInterval { get; } = TimeSpan.FromSeconds(2);

    /// <summary>One second.</summary>
    public static TimeSpan DefaultTimeout { get; } = TimeSpan.FromSeconds(1);

    /// <summary>See <see cref="Rise"/>.</summary>
    public const int DefaultRise = 2;

    /// <summary>See <see cref="Fall"/>.</summary>
    public const int DefaultFall = 2;

    /// <summary>See <see cref="JitterPercent"/>.</summary>
    public const int DefaultJitterPercent = 10;

    /// <summary>What pools that say nothing have for services of TCP: a connection to the VIP and port.</summary>
    public static HealthMonitor DefaultTcp { get; } = new() { Name = "tcp", Type = MonitorType.Tcp };

    /// <summary>The same for what has no TCP: an echo of the VIP. What a UDP service would answer is not known.</summary>
    public static HealthMonitor DefaultIcmp { get; } = new() { Name = "icmp", Type = MonitorType.Icmp };
}

/// <summary>What a monitor asks.</summary>
public enum MonitorType
{
    /// <summary>A connection, and perhaps an answer over it.</summary>
    Tcp,

    /// <summary>An answer to a datagram.</summary>
    Udp,

    /// <summary>A request (RFC 9112).</summary>
    Http,

    /// <summary>The same over TLS.</summary>
    Https,

    /// <summary>A question (RFC 1035).</summary>
    Dns,

    /// <summary>An echo (RFC 792, RFC 4443).</summary>
    Icmp,

    /// <summary>The exit code of a program.</summary>
    Command,
}

/// <summary>By which way a probe goes.</summary>
public enum ProbePath
{
    /// <summary>As a client's packet: to the VIP, in the server's encapsulation; the answer comes from the VIP.</summary>
    DsrPath,

    /// <summary>To the server's own address, which proves nothing of the VIP.</summary>
    Server,

    /// <summary>Both.</summary>
    Both,
}

/// <summary>A request, and what its answer is like.</summary>
/// <param name="Path">The request target; begins with a slash.</param>
/// <param name="Host">The header Host, or null: the address that is asked.</param>
/// <param name="StatusCodes">Ranges, both ends included.</param>
/// <param name="ExpectedText">What the body contains within its first 64 KiB; null: whatever it likes.</param>
public sealed record HttpExpectation(string Path, string? Host, ImmutableArray<PortRange> StatusCodes, string? ExpectedText);

/// <summary>What is asked of a certificate.</summary>
/// <param name="Check">How much.</param>
/// <param name="CaFile">PEM file of the authorities, or null: the machine's.</param>
/// <param name="ServerName">The name in the certificate, and in the handshake (SNI); null: the header Host.</param>
public sealed record TlsExpectation(TlsCheck Check, string? CaFile, string? ServerName);

/// <summary>How much of a certificate is looked at.</summary>
public enum TlsCheck
{
    /// <summary>Nothing: any certificate will do.</summary>
    None,

    /// <summary>That an authority issued it, and the time.</summary>
    Chain,

    /// <summary>That, and the name.</summary>
    Name,
}

/// <summary>A question, and what its answer is like.</summary>
/// <param name="Name">The domain name.</param>
/// <param name="Type">Type of the record.</param>
/// <param name="ResponseCode">RFC 1035 section 4.1.1: 0 is no error.</param>
/// <param name="Address">What one of the answers is; null: whatever they are.</param>
public sealed record DnsExpectation(string Name, DnsRecordType Type, int ResponseCode, IPAddress? Address);

/// <summary>Types of DNS records, by their number (RFC 1035 section 3.2.2, RFC 3596).</summary>
public enum DnsRecordType
{
    /// <summary>IPv4 address.</summary>
    A = 1,

    /// <summary>Name server.</summary>
    Ns = 2,

    /// <summary>Start of a zone.</summary>
    Soa = 6,

    /// <summary>Text.</summary>
    Txt = 16,

    /// <summary>IPv6 address.</summary>
    Aaaa = 28,
}

/// <summary>How many monitors of a server must be up.</summary>
/// <param name="Count">So many; 0: all.</param>
public readonly record struct MinHealthyMonitors(int Count)
{
    /// <summary>Every one.</summary>
    public static MinHealthyMonitors All => default;

    /// <summary>One.</summary>
    public static MinHealthyMonitors One => new(1);

    /// <summary>How many of so many.</summary>
    public int Of(int monitors) => Count == 0 ? monitors : Math.Min(Count, monitors);
}

/// <summary>When a new or recovered server gets traffic.</summary>
/// <param name="GoodProbes">After so many good probes in a row of every monitor that counts.</param>
/// <param name="RequireAgent">And only when its agent reports it fit.</param>
public sealed record Admission(int GoodProbes, bool RequireAgent)
{
    /// <summary>Two, without an agent.</summary>
    public static Admission Default { get; } = new(2, false);
}
