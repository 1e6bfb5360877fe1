using System.CommandLine;
using Sidestep.Agent.Input;

namespace Sidestep.Agent;

/// <summary>The options, each with what it says of itself.</summary>
internal static class AgentOptions
{
    public static readonly Option<string[]> Vip = new("--vip") { Description = "VIP, or prefix of VIPs; once per VIP", HelpName = "address" };

    public static readonly Option<string[]> Interface = new("--interface")
    {
        Description = "Interface that the director's packets come in by; once per interface. Default: those that a default route leaves by, else all that are up",
        HelpName = "name",
    };

    public static readonly Option<string[]> Decapsulate = new("--decapsulate")
    {
        Description = "Take the outer header off (layer-3 DSR): ipip, gre, gue or gue:PORT; once per kind",
        HelpName = "kind",
    };

    public static readonly Option<string[]> Director = new("--director")
    {
        Description = "Address that encapsulated packets are accepted from; once per director",
        HelpName = "address",
    };

    public static readonly Option<string[]> OuterSource = new("--outer-source")
    {
        Description = "Prefix that the directors take outer source addresses from (outerSource of the network profile)",
        HelpName = "prefix",
    };

    public static readonly Option<int?> Mtu = new("--mtu")
    {
        Description = "Largest IP datagram that fits between director and server, with its outer header: clients are asked for segments that fit. Default: the MTU of the interfaces",
        HelpName = "bytes",
    };

    public static readonly Option<string?> Spec = new("--spec") { Description = "A file that says all this, as a director would (JSON)", HelpName = "file" };

    public static readonly Option<bool> Persist = new("--persist")
    {
        Description = "Also write files for what puts this host's network in order, so that settings and VIPs outlive a restart",
    };

    public static readonly Option<string> StateDirectory = new("--state-dir")
    {
        Description = "Where the agent notes what was there before",
        HelpName = "directory",
        DefaultValueFactory = static _ => Request.DefaultStateDirectory,
    };

    public static readonly Option<string> Root = new("--root")
    {
        Description = "Where the host's files are: / , or an image that is mounted there",
        HelpName = "directory",
        DefaultValueFactory = static _ => "/",
    };

    public static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object" };

    // of run
    public static readonly Option<bool> ReportOnly = new("--report-only")
    {
        Description = "Apply duties, but repair nothing that others change afterwards: report it",
    };

    public static readonly Option<string[]> DirectorUrl = new("--director") { Description = "The API of a director, https://ADDRESS:PORT; once per director", HelpName = "url" };

    public static readonly Option<string?> CertFile = new("--cert-file") { Description = "This server's certificate (PEM); its common name is the server's name", HelpName = "file" };

    public static readonly Option<string?> KeyFile = new("--key-file") { Description = "The certificate's key (PEM)", HelpName = "file" };

    public static readonly Option<string?> CaFile = new("--ca-file") { Description = "The authority that directors' certificates come from (PEM)", HelpName = "file" };

    // of emit
    public static readonly Option<string?> NetworkManager = new("--for")
    {
        Description = "For which network manager: networkd, networkmanager, ifupdown, netplan, ifcfg; sysctl: the settings alone; agent: the agent as a service of systemd. Default: what this host uses",
        HelpName = "manager",
    };

    public static readonly Option<string?> Adapter = new("--adapter") { Description = "The Windows network adapter that packets come in by; default: that of the default route", HelpName = "name" };

    /// <summary>What says what a real server shall be like.</summary>
    public static readonly Option[] SpecOptions = [Vip, Interface, Decapsulate, Director, OuterSource, Mtu, Spec];

    public static Request RequestOf(ParseResult parsed) => new()
    {
        Vips = Get(parsed, Vip) ?? [],
        Interfaces = Get(parsed, Interface) ?? [],
        Decapsulate = Get(parsed, Decapsulate) ?? [],
        Directors = Get(parsed, Director) ?? [],
        OuterSources = Get(parsed, OuterSource) ?? [],
        Mtu = Get(parsed, Mtu),
        SpecFile = Get(parsed, Spec),
        Persist = Get(parsed, Persist),
        StateDirectory = Get(parsed, StateDirectory) ?? Request.DefaultStateDirectory,
    };

    /// <summary>Of an option that this command may not have.</summary>
    private static T? Get<T>(ParseResult parsed, Option<T> option) => parsed.GetResult(option) is null ? default : parsed.GetValue(option);
}
