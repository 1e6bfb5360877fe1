using System.Collections.Immutable;
using System.Net;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The schema of an item of <c>healthMonitors</c>.</summary>
internal static class HealthMonitorSchema
{
    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.Name,
        "Unique among the health monitors.");

    public static readonly Key<MonitorType> Type = Key<MonitorType>.Mandatory("type",
        new ChoiceKind<MonitorType>(
            new("tcp", MonitorType.Tcp, "A TCP connection; with send and expect, an exchange over it."),
            new("udp", MonitorType.Udp, "A datagram and its response."),
            new("http", MonitorType.Http, "An HTTP request."),
            new("https", MonitorType.Https, "An HTTP request over TLS."),
            new("dns", MonitorType.Dns, "A DNS query over UDP."),
            new("icmp", MonitorType.Icmp, "An ICMP echo."),
            new("command", MonitorType.Command, "The exit code of a program.")),
        "The protocol of the probe.");

    public static readonly Key<ProbePath> Probe = Key<ProbePath>.WithDefault("probe",
        new ChoiceKind<ProbePath>(
            new("dsr-path", ProbePath.DsrPath,
                "Like a client's packet: to the VIP, in the server's encapsulation. The response must come from the "
                + "VIP."),
            new("server", ProbePath.Server, "To the server's own address, which verifies nothing about the VIP."),
            new("both", ProbePath.Both, "Both.")),
        ProbePath.DsrPath, "What the probe is addressed to, and how it gets there.");

    public static readonly Key<TimeSpan> Interval = Key<TimeSpan>.WithDefault("interval", new SecondsKind(0.1, 3600),
        HealthMonitor.DefaultInterval, "Seconds from the start of one probe to the start of the next.");

    public static readonly Key<TimeSpan> Timeout = Key<TimeSpan>.WithDefault("timeout", new SecondsKind(0.05, 3600),
        HealthMonitor.DefaultTimeout, "Seconds to wait for a response, at most interval.");

    public static readonly Key<int> Rise = Key<int>.WithDefault("rise", new IntegerKind(1, Limits.ProbesInARow),
        HealthMonitor.DefaultRise, "Successful probes in a row after which the monitor is up.");

    public static readonly Key<int> Fall = Key<int>.WithDefault("fall", new IntegerKind(1, Limits.ProbesInARow),
        HealthMonitor.DefaultFall, "Failed probes in a row after which the monitor is down.");

    public static readonly Key<int> Jitter = Key<int>.WithDefault("jitter", new IntegerKind(0, 50),
        HealthMonitor.DefaultJitterPercent,
        "Random variation of the interval in percent, so that probes do not synchronise.");

    public static readonly Key<int> Port = Key<int>.Optional("port", new IntegerKind(1, 65535),
        "Overrides the first port of each service.");

    public static readonly Key<string> Send = Key<string>.Optional("send", new ByteStringKind(),
        "With tcp and udp: what the probe sends.");

    public static readonly Key<string> Expect = Key<string>.Optional("expect", new ByteStringKind(),
        "With tcp and udp: what the response must contain.");

    public static readonly Key<string> Path = Key<string>.WithDefault("path", TextKind.RequestPath, "/",
        "With http and https: the path of the GET request.");

    public static readonly Key<string> Host = Key<string>.Optional("host", TextKind.HostName,
        "With http and https: the Host header; without the key, the address that is probed.");

    public static readonly Key<IReadOnlyList<Located<PortRange>>> StatusCodes =
        Key<IReadOnlyList<Located<PortRange>>>.Optional("statusCodes",
            new ValueListKind<PortRange>("status codes", 1, 16, new StatusCodesKind(), alone: true),
            "With http and https: the status codes of success; without the key, 200-399.");

    public static readonly Key<string> ExpectedText = Key<string>.Optional("expectedText", new ByteStringKind(),
        "With http and https: what the first 64 KiB of the body must contain.");

    public static readonly Key<TlsCheck> Tls = Key<TlsCheck>.WithDefault("tls",
        new ChoiceKind<TlsCheck>(
            new("none", TlsCheck.None, "Any certificate."),
            new("chain", TlsCheck.Chain, "A trusted authority issued it, and it has not expired."),
            new("name", TlsCheck.Name, "Like chain; it must also be valid for serverName.")),
        TlsCheck.None, "With https: how strictly the certificate is checked.");

    public static readonly Key<string> CaFile = Key<string>.Optional("caFile", TextKind.FolderPath,
        "With https: PEM file of the trusted authorities; without the key, those of the machine.");

    public static readonly Key<string> ServerName = Key<string>.Optional("serverName", TextKind.HostName,
        "With https: the name in the certificate and in the handshake (SNI); without the key, host.");

    public static readonly Key<string> Query = Key<string>.Optional("query", TextKind.HostName,
        "With dns: the domain name of the query.");

    public static readonly Key<DnsRecordType> RecordType = Key<DnsRecordType>.WithDefault("recordType",
        new ChoiceKind<DnsRecordType>(
            new("a", DnsRecordType.A, "IPv4 address."),
            new("aaaa", DnsRecordType.Aaaa, "IPv6 address."),
            new("ns", DnsRecordType.Ns, "Name server."),
            new("soa", DnsRecordType.Soa, "Start of authority."),
            new("txt", DnsRecordType.Txt, "Text.")),
        DnsRecordType.A, "With dns: the record type of the query.");

    public static readonly Key<DnsResponseCode> ExpectedCode = Key<DnsResponseCode>.WithDefault("expectedCode",
        new ChoiceKind<DnsResponseCode>(
            new("noerror", DnsResponseCode.NoError, "The name exists."),
            new("nxdomain", DnsResponseCode.NxDomain, "The name does not exist."),
            new("refused", DnsResponseCode.Refused, "The server refuses the query.")),
        DnsResponseCode.NoError, "With dns: the response code of success.");

    public static readonly Key<IPAddress> ExpectedAddress = Key<IPAddress>.Optional("expectedAddress",
        new AddressKind("an expected address"), "With dns: an address that must be among the answers.");

    public static readonly Key<string> Command = Key<string>.Optional("command", TextKind.FolderPath,
        "With command: the program; exit code 0 is success.");

    public static readonly Key<IReadOnlyList<Located<string>>> Arguments =
        Key<IReadOnlyList<Located<string>>>.WithDefault("arguments",
            new ValueListKind<string>("arguments", 0, Limits.CommandArguments, new ByteStringKind()), [],
            "With command: the arguments of the program.");

    public static readonly MappingKind Kind = new("a health monitor", "How the director probes real servers.",
        Name, Type, Probe, Interval, Timeout, Rise, Fall, Jitter, Port, Send, Expect, Path, Host, StatusCodes,
        ExpectedText, Tls, CaFile, ServerName, Query, RecordType, ExpectedCode, ExpectedAddress, Command, Arguments,
        MetadataSchema.Labels, MetadataSchema.Annotations);

    private static readonly PortRange DefaultStatusCodes = new(200, 399);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(HealthMonitor monitor) => MappingNode.Of(
        Name.Write(monitor.Name),
        Type.Write(monitor.Type),
        Probe.Write(monitor.Probe),
        Interval.Write(monitor.Interval),
        Timeout.Write(monitor.Timeout),
        Rise.Write(monitor.Rise),
        Fall.Write(monitor.Fall),
        Jitter.Write(monitor.JitterPercent),
        Port.WriteOptional(monitor.Port),
        Send.Write(monitor.Send),
        Expect.Write(monitor.Expect),
        Path.Write(monitor.Http?.Path),
        Host.Write(monitor.Http?.Host),
        StatusCodes.WriteValues(CodesOf(monitor)),
        ExpectedText.Write(monitor.Http?.ExpectedText),
        Tls.WriteOptional(monitor.Tls?.Check),
        CaFile.Write(monitor.Tls?.CaFile),
        ServerName.Write(monitor.Tls?.ServerName == monitor.Http?.Host ? null : monitor.Tls?.ServerName),
        Query.Write(monitor.Dns?.Name),
        RecordType.WriteOptional(monitor.Dns?.Type),
        ExpectedCode.WriteOptional((DnsResponseCode?)monitor.Dns?.ResponseCode),
        ExpectedAddress.Write(monitor.Dns?.Address),
        Command.Write(monitor.Command is [var program, ..] ? program : null),
        Arguments.WriteValues(monitor.Command is [_, .. var arguments] ? arguments : null),
        MetadataSchema.WriteLabels(monitor.Metadata),
        MetadataSchema.WriteAnnotations(monitor.Metadata));

    public static HealthMonitor Build(BoundMapping m)
    {
        var type = m.Value(Type);
        bool isHttp = type is MonitorType.Http or MonitorType.Https;
        return new HealthMonitor
        {
            Name = m.Value(Name),
            Metadata = MetadataSchema.Build(m),
            Type = type,
            Probe = m.Value(Probe),
            Interval = m.Value(Interval),
            Timeout = m.Value(Timeout),
            Rise = m.Value(Rise),
            Fall = m.Value(Fall),
            JitterPercent = m.Value(Jitter),
            Port = m.Find(Port)?.Value,
            Send = m.Find(Send)?.Value,
            Expect = m.Find(Expect)?.Value,
            Http = !isHttp ? null : new HttpExpectation(m.Value(Path), m.Find(Host)?.Value,
                m.Find(StatusCodes) is { } codes ? [.. codes.Value.Select(static c => c.Value)]
                    : [DefaultStatusCodes],
                m.Find(ExpectedText)?.Value),
            Tls = type != MonitorType.Https ? null
                : new TlsExpectation(m.Value(Tls), m.Find(CaFile)?.Value,
                    m.Find(ServerName)?.Value ?? m.Find(Host)?.Value),
            Dns = type != MonitorType.Dns ? null
                : new DnsExpectation(m.Find(Query)!.Value, m.Value(RecordType), (int)m.Value(ExpectedCode),
                    m.Find(ExpectedAddress)?.Value),
            Command = type != MonitorType.Command ? []
                : [m.Find(Command)!.Value, .. m.Value(Arguments).Select(static a => a.Value)],
        };
    }

    private static ImmutableArray<PortRange>? CodesOf(HealthMonitor monitor) =>
        monitor.Http is not { StatusCodes: { IsDefault: false } codes } || codes is [var only]
            && only == DefaultStatusCodes ? null : codes;
}

/// <summary>Response codes of DNS, by their number (RFC 1035 section 4.1.1).</summary>
internal enum DnsResponseCode
{
    NoError = 0,
    NxDomain = 3,
    Refused = 5,
}
