using System.CommandLine;
using Sidestep.Agent.Input;
using Sidestep.Agent.Persistence;

namespace Sidestep.Agent;

/// <summary>The options of all commands, with their help texts.</summary>
internal static class AgentOptions
{
    public static readonly Option<string[]> Vip = new("--vip")
    {
        Description = "A VIP or a prefix of VIPs; repeat for each",
        HelpName = "address",
    };

    public static readonly Option<string[]> Interface = new("--interface")
    {
        Description = "An interface that receives the director's packets; repeat for each. "
            + "Default: the interfaces with a default route, or without one all that are up",
        HelpName = "name",
    };

    public static readonly Option<string[]> Decapsulate = new("--decapsulate")
    {
        Description = "Remove outer headers (layer-3 DSR): ipip, gre, gue or gue:PORT; repeat for each",
        HelpName = "encapsulation",
    };

    public static readonly Option<string[]> Director = new("--director")
    {
        Description = "An address from which encapsulated packets are accepted; repeat for each director",
        HelpName = "address",
    };

    public static readonly Option<string[]> OuterSource = new("--outer-source")
    {
        Description = "A prefix of the directors' outer source addresses (outerSource of the network profile)",
        HelpName = "prefix",
    };

    public static readonly Option<int?> Mtu = new("--mtu")
    {
        Description = "The largest outer datagram that fits between director and server, in bytes; "
            + "it limits the MSS that clients get. Default: the MTU of the interfaces",
        HelpName = "bytes",
    };

    public static readonly Option<string?> Spec = new("--spec")
    {
        Description = "A file with the server's spec (the JSON that a director sends) instead of these options",
        HelpName = "file",
    };

    public static readonly Option<bool> Persist = new("--persist")
    {
        Description = "Also write files for the host's network manager, so that sysctls and VIPs survive a restart",
    };

    public static readonly Option<string> StateDirectory = new("--state-dir")
    {
        Description = "The directory in which the agent records the previous state of the host",
        HelpName = "directory",
        DefaultValueFactory = static _ => Request.DefaultStateDirectory,
    };

    public static readonly Option<string> Root = new("--root")
    {
        Description = "The root directory of the host's files: /, or where an image is mounted",
        HelpName = "directory",
        DefaultValueFactory = static _ => "/",
    };

    public static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object" };

    // of run
    public static readonly Option<bool> ReportOnly = new("--report-only")
    {
        Description = "Apply each new spec, but only report what other programs change, without repairing it",
    };

    public static readonly Option<string[]> DirectorUrl = new("--director")
    {
        Description = "The API of a director, https://ADDRESS:PORT; repeat for each director",
        HelpName = "url",
    };

    public static readonly Option<string?> CertFile = new("--cert-file")
    {
        Description = "This server's certificate (PEM); its common name is the name of the server",
        HelpName = "file",
    };

    public static readonly Option<string?> KeyFile = new("--key-file")
    {
        Description = "The private key of the certificate (PEM)",
        HelpName = "file",
    };

    public static readonly Option<string?> CaFile = new("--ca-file")
    {
        Description = "The certificate of the authority that issues the directors' certificates (PEM)",
        HelpName = "file",
    };

    // of render
    public static readonly Option<string?> NetworkManager = new("--for")
    {
        Description = "networkd, networkmanager, ifupdown, netplan or ifcfg: the files of this network manager; "
            + "sysctl: the sysctls only; agent: the systemd unit of the agent. "
            + "Default: the network manager that this host uses",
        HelpName = "target",
    };

    public static readonly Option<string?> Adapter = new("--adapter")
    {
        Description = "The Windows network adapter that receives packets. Default: the one with the default route",
        HelpName = "name",
    };

    /// <summary>The options that describe a real server.</summary>
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
        Reconciles = !Get(parsed, ReportOnly),
        StateDirectory = Get(parsed, StateDirectory) ?? Request.DefaultStateDirectory,
        Files = new HostFiles(Get(parsed, Root) ?? "/"),
    };

    /// <summary>The value of an option; the default of its type if the command does not have the option.</summary>
    private static T? Get<T>(ParseResult parsed, Option<T> option) =>
        parsed.GetResult(option) is null ? default : parsed.GetValue(option);
}
