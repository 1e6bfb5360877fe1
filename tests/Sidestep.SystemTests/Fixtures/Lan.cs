using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>Namespaces on bridges. A veth pair connects each node to a bridge. <see cref="Dispose"/> removes
/// everything.</summary>
internal sealed class Lan : IDisposable
{
    private const string PassProgram = "pass.bpf.o";
    private readonly List<NetworkNamespace> _nodes = [];
    private readonly NetworkNamespace _switch;
    private readonly string _pass;

    public Lan()
    {
        Folder = Directory.CreateTempSubdirectory("sidestep-director-test-").FullName;
        _pass = Path.Combine(Folder, PassProgram);
        using (var resource = Assembly.Load("sidestep-lab").GetManifestResourceStream(PassProgram)!)
        using (var file = File.Create(_pass))
            resource.CopyTo(file);
        _switch = Node("switch");
    }

    /// <summary>A folder for files of the test; removed at the end.</summary>
    public string Folder { get; }

    /// <summary>A new namespace with the settings that all roles share.</summary>
    public NetworkNamespace Node(string role)
    {
        var node = new NetworkNamespace(role, "ssd");
        _nodes.Add(node);
        // The initial settings of a namespace depend on the machine.
        SetSysctl(node, "ipv4/conf/all/rp_filter", 0);
        SetSysctl(node, "ipv4/conf/default/rp_filter", 0);
        return node;
    }

    /// <summary>Makes a bridge; nodes on different bridges need a router between them.</summary>
    public void Bridge(string name) => _switch.Ip($"link add {name} up type bridge stp_state 0 forward_delay 0");

    /// <summary>Connects a node to a bridge; <see cref="Port"/> is the other end of its cable.</summary>
    /// <param name="node">The node.</param>
    /// <param name="interfaceName">Name of its interface.</param>
    /// <param name="bridge">The bridge.</param>
    /// <param name="addressAndPrefix">Address of the interface.</param>
    /// <param name="identity">Index and Ethernet address of the interface, as of a deleted one; null: the kernel
    /// chooses new ones.</param>
    public void Plug(NetworkNamespace node, string interfaceName, string bridge, string addressAndPrefix,
        (int Index, string Mac)? identity = null)
    {
        var port = Port(node, interfaceName);
        var same = identity is { } known
            ? string.Create(CultureInfo.InvariantCulture, $" address {known.Mac} index {known.Index}") : "";
        // Without link-local IPv6 addresses: duplicate address detection would send frames.
        _switch.IpBatch($"link add {port} type veth peer name {interfaceName}{same} netns {node.Name}",
            $"link set {port} addrgenmode none master {bridge} up");
        // Without offload: no card would complete the checksum.
        _switch.Run("ethtool", "-K", port, "tx", "off");
        node.Run("ethtool", "-K", interfaceName, "tx", "off");
        node.IpBatch($"address add {addressAndPrefix} dev {interfaceName}",
            $"link set {interfaceName} addrgenmode none up");
    }

    /// <summary>Attaches an XDP program to the other end of the cable: without one, veth drops frames of XDP_TX and
    /// XDP_REDIRECT.</summary>
    public void EnableXdpTransmit(NetworkNamespace node, string interfaceName) =>
        _switch.Ip($"link set dev {Port(node, interfaceName)} xdpdrv object {_pass} section xdp");

    /// <summary>Attaches an XDP program of another product to a node's own interface; it passes everything.</summary>
    public void AttachForeignProgram(NetworkNamespace node, string interfaceName, string mode) =>
        node.Ip($"link set dev {interfaceName} {mode} object {_pass} section xdp");

    /// <summary>Changes the state of a port: a switch does not notice by itself that an Ethernet address has
    /// moved.</summary>
    public void SetPortState(NetworkNamespace node, string interfaceName, string state) =>
        _switch.Ip($"link set dev {Port(node, interfaceName)} {state}");

    /// <summary>Sets the number of queues at both ends of a cable. The other end comes first: an interface with XDP
    /// needs as many receive queues as its peer has transmit queues.</summary>
    public void SetQueues(NetworkNamespace node, string interfaceName, int queues)
    {
        var count = queues.ToString(CultureInfo.InvariantCulture);
        _switch.Run("ethtool", "-L", Port(node, interfaceName), "rx", count, "tx", count);
        node.Run("ethtool", "-L", interfaceName, "rx", count, "tx", count);
    }

    public static string MacOf(NetworkNamespace node, string interfaceName) =>
        Link(node, interfaceName).GetProperty("address").GetString()!;

    /// <summary>The output of <c>ip link show</c>.</summary>
    public static JsonElement Link(NetworkNamespace node, string interfaceName)
    {
        using var document = JsonDocument.Parse(node.Ip($"-j -d link show dev {interfaceName}"));
        return document.RootElement[0].Clone();
    }

    public static void SetSysctl(NetworkNamespace node, string name, int value) =>
        node.WriteSysctl(name, value);

    public void Dispose()
    {
        foreach (var node in _nodes)
            node.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Name of a node's bridge port: by its number, because interface names have 15 characters.</summary>
    private static string Port(NetworkNamespace node, string interfaceName) =>
        $"p{node.Name.Split('-')[2]}-{interfaceName}";
}
