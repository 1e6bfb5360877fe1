using System.Text;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Runs;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Network;

/// <summary>
/// Creates a topology's namespaces and connects them by veth pairs. Both ends of a pair are created inside namespaces,
/// so no interface reaches outside at any time.
/// </summary>
internal sealed class NetworkBuilder(Topology topology, RunFolder run)
{
    // Work that the kernel would leave to a network card: checksums, and segmentation. XDP sees frames before that is
    // done and would forward wrong checksums. Captures would not show frames as a wire carries them.
    private static readonly string[] Offloads = ["tx", "tso", "gso", "gro"];

    public async Task BuildAsync(CancellationToken cancel)
    {
        foreach (var node in topology.Nodes)
        {
            Directory.CreateDirectory(run.NodeFolder(node.Name));
            await SystemCommand.RunAsync(["ip", "netns", "add", run.Namespace(node.Name).Name], cancel);
            await SetSysctlsAsync(node, cancel);
        }
        foreach (var link in topology.Links)
            await ConnectAsync(link, cancel);
        foreach (var node in topology.Nodes)
            await ConfigureAsync(node, cancel);
        await AttachPassProgramsAsync(cancel);
    }

    private async Task ConnectAsync(Link link, CancellationToken cancel)
    {
        var (a, b) = (LinkEnd.Parse(link.Ends[0]), LinkEnd.Parse(link.Ends[1]));
        var mtu = $"{link.Mtu}";
        await SystemCommand.RunAsync(
            ["ip", "link", "add", a.Interface, "netns", run.Namespace(a.Node).Name, "mtu", mtu, "type", "veth",
                "peer", "name", b.Interface, "netns", run.Namespace(b.Node).Name, "mtu", mtu],
            cancel);
        foreach (var end in (LinkEnd[])[a, b])
        {
            var off = Offloads.SelectMany(o => (string[])[o, "off"]);
            await SystemCommand.RunAsync(run.Namespace(end.Node).Enter(["ethtool", "-K", end.Interface, .. off]),
                cancel);
        }
    }

    // Per-interface defaults are read when an interface appears, so these come before the links.
    private async Task SetSysctlsAsync(Node node, CancellationToken cancel)
    {
        if (node.Sysctls.Count == 0)
            return;
        const string write = "for s in \"$@\"; do echo \"${s#*=}\" >\"/proc/sys/${s%%=*}\" || exit 1; done";
        var settings = node.Sysctls.Select(s => $"{s.Key.Replace('.', '/')}={s.Value}");
        await SystemCommand.RunAsync(run.Namespace(node.Name).Enter(["sh", "-c", write, "sh", .. settings]), cancel);
    }

    private async Task ConfigureAsync(Node node, CancellationToken cancel)
    {
        var batch = new StringBuilder();
        foreach (var (bridge, ports) in node.Bridges)
        {
            // Ports forward immediately: the lab's segments have no loops, so a run need not wait for the spanning
            // tree.
            batch.AppendLine($"link add {bridge} type bridge stp_state 0 forward_delay 0");
            foreach (var port in ports)
                batch.AppendLine($"link set {port} master {bridge}");
        }
        foreach (var (bond, ports) in node.Bonds)
        {
            // An interface gets the bond's MTU when it becomes a port.
            batch.AppendLine($"link add {bond} mtu {MtuOf(node, ports)} type bond mode active-backup miimon 50");
            foreach (var port in ports)
                batch.AppendLine($"link set {port} master {bond}");
        }
        foreach (var (device, kind) in node.Devices)
            batch.AppendLine($"link add name {device} {kind}");
        foreach (var name in (string[])["lo", .. node.Bridges.Keys, .. node.Bonds.Keys, .. InterfacesOf(node),
            .. node.Devices.Keys])
            batch.AppendLine($"link set {name} up");
        foreach (var (name, texts) in node.Addresses)
        {
            // Without duplicate address detection (RFC 4862), during which an IPv6 address cannot be used.
            foreach (var address in texts.SelectMany(AddressRange.Expand))
                batch.AppendLine($"address add {address} dev {name}{(address.Contains(':') ? " nodad" : "")}");
        }
        foreach (var route in node.Routes)
            batch.AppendLine($"route add {route}");
        await SystemCommand.RunAsync(["ip", "-netns", run.Namespace(node.Name).Name, "-batch", "-"], cancel,
            batch.ToString());
    }

    private int MtuOf(Node node, List<string> interfaces)
        => topology.Links.Where(l =>
            l.Ends.Select(LinkEnd.Parse).Any(e => e.Node == node.Name && interfaces.Contains(e.Interface)))
            .Min(l => l.Mtu);

    private IEnumerable<string> InterfacesOf(Node node)
        => topology.Links.SelectMany(l => l.Ends).Select(LinkEnd.Parse).Where(e => e.Node == node.Name)
            .Select(e => e.Interface);

    private async Task AttachPassProgramsAsync(CancellationToken cancel)
    {
        var program = PassProgram.Extract(run.Root);
        foreach (var link in topology.Links.Where(l => l.PassProgramOn.Length > 0))
        {
            var end = LinkEnd.Parse(link.PassProgramOn);
            await SystemCommand.RunAsync(
                ["ip", "-netns", run.Namespace(end.Node).Name, "link", "set", "dev", end.Interface,
                    "xdpdrv", "object", program, "section", "xdp"],
                cancel);
        }
    }
}
