namespace Sidestep.Lab.Topologies;

/// <summary>The content of a folder's topology.yaml. No code depends on a particular topology: a new folder is a new
/// topology.</summary>
internal sealed class Topology
{
    public string Name { get; set; } = "";

    /// <summary>The folder that contains the topology.</summary>
    public string Folder { get; set; } = "";

    public string Summary { get; set; } = "";

    /// <summary>Addresses of either family. {vip} stands for the first.</summary>
    public List<string> Vips { get; set; } = [];

    public string Vip => Vips[0];

    public DirectorRole Director { get; set; } = new();

    public ClientRole Clients { get; set; } = new();

    /// <summary>How client packets travel from the director to the servers: "none" (layer 2), "outer" (layer 3), or
    /// "mixed".</summary>
    public string Encapsulation { get; set; } = "none";

    /// <summary>Servers and services of sidestep.yaml that the director's file does not contain when a run
    /// starts.</summary>
    public List<string> StartWithout { get; set; } = [];

    /// <summary>The traffic of a run that changes the configuration under long-lived connections. Null: the run sends
    /// HTTP requests.</summary>
    public Churn? Churn { get; set; }

    /// <summary>Directors and agents that get certificates, in {run}/pki. Null: none.</summary>
    public CertificateNames? Certificates { get; set; }

    /// <summary>The run injects the faults in the folder "faults", one at a time, and compares the doctor's
    /// diagnoses.</summary>
    public bool Faults { get; set; }

    /// <summary>The faults on servers during a run that tests health checks. Null: another kind of run.</summary>
    public HealthPlan? Health { get; set; }

    /// <summary>Links that go down and up, and kernel state that is removed, under traffic. Null: another kind of
    /// run.</summary>
    public Bounce? Bounce { get; set; }

    /// <summary>Drivers that the topology does not support, each with the reason.</summary>
    public Dictionary<string, string> IncompatibleDrivers { get; set; } = [];

    /// <summary>The engine and the driver, instead of those in sidestep.yaml; null: no change.</summary>
    public EngineOverride? EngineOverride { get; set; }

    /// <summary>Steps during the traffic of a run.</summary>
    public List<RunStep> Steps { get; set; } = [];

    /// <summary>The steps of a run that starts with the director of an earlier release (`--from`). Empty: not
    /// supported.</summary>
    public List<RunStep> TakeOverSteps { get; set; } = [];

    /// <summary>The director that a run starts with; null: the one of this build.</summary>
    public DirectorBuild? EarlierBuild { get; set; }

    /// <summary>Kinds of devices that the kernel must support, by their names in `ip link`, and "fou" and "fou6" for
    /// GUE.</summary>
    public List<string> Needs { get; set; } = [];

    /// <summary>The lab sets up nodes and starts their services in this order.</summary>
    public List<Node> Nodes { get; set; } = [];

    public List<Link> Links { get; set; } = [];

    /// <summary>The director's own addresses. Packets from and to them are its probes and the replies to
    /// those.</summary>
    public IReadOnlyList<System.Net.IPAddress> DirectorAddresses =>
        [.. Node(Director.Node).Addresses.Values.SelectMany(a => a)
        .Select(a => System.Net.IPAddress.Parse(a.Split('/')[0]))];

    /// <summary>The run starts with the director of an earlier release, and has the steps of a take-over.</summary>
    public void StartFrom(DirectorBuild earlier)
    {
        if (TakeOverSteps.Count == 0)
            throw new LabException($"{Name} has no steps for --from.");
        EarlierBuild = earlier;
        Steps = TakeOverSteps;
    }

    /// <summary>The run does only its first steps; a run of rounds does so many of them.</summary>
    /// <param name="count">Number of steps.</param>
    public void LimitSteps(int count)
    {
        if (Bounce is not null && count > 0)
        {
            Bounce.Rounds = count;
            return;
        }
        if (count < 1 || count > Steps.Count)
            throw new LabException($"{Name} has {Steps.Count} steps, so --steps can be 1 to {Steps.Count}.");
        Steps = Steps[..count];
    }

    /// <summary>The run takes so long.</summary>
    /// <param name="minutes">At least 1.</param>
    public void LimitMinutes(int minutes)
    {
        if (Bounce is null || minutes < 1)
            throw new LabException($"{Name}: --minutes is for a run of rounds (bounce), and at least 1.");
        Bounce.Minutes = minutes;
    }

    public Node Node(string name) => Nodes.Find(n => n.Name == name)
        ?? throw new LabException(
            $"{Name} has no node '{name}'; it has {string.Join(", ", Nodes.Select(n => n.Name))}.");
}

/// <summary>The node that is the director, and the place where its traffic is captured.</summary>
internal sealed class DirectorRole
{
    public string Node { get; set; } = "";

    public string Interface { get; set; } = "";

    /// <summary>The service of that node that is the daemon.</summary>
    public string Service { get; set; } = "";

    /// <summary>The daemon's configuration, one of that service's files.</summary>
    public string Configuration { get; set; } = "";

    /// <summary>
    /// The other end of the director's link, as node:interface. Frames are captured there: a capture on the
    /// director's own interface does not see frames that XDP sends with XDP_TX.
    /// </summary>
    public string Port { get; set; } = "";
}

/// <summary>Certificates that the lab issues, from an authority of the run.</summary>
internal sealed class CertificateNames
{
    /// <summary>Names of directors, each with its addresses.</summary>
    public Dictionary<string, List<string>> Directors { get; set; } = [];

    /// <summary>Names of agents, which are the names of their real servers.</summary>
    public List<string> Agents { get; set; } = [];
}

/// <summary>The node that sends requests, and the place where replies to it are captured.</summary>
internal sealed class ClientRole
{
    public string Node { get; set; } = "";

    public string Interface { get; set; } = "";

    /// <summary>The other end of the client's link, as node:interface.</summary>
    public string Port { get; set; } = "";
}

internal sealed class Node
{
    public string Name { get; set; } = "";

    public Dictionary<string, string> Sysctls { get; set; } = [];

    /// <summary>Bridge name to the interfaces that are its ports.</summary>
    public Dictionary<string, List<string>> Bridges { get; set; } = [];

    /// <summary>Bond name to the interfaces that are its ports, of which one is active.</summary>
    public Dictionary<string, List<string>> Bonds { get; set; } = [];

    /// <summary>Name of a device to what follows it after `ip link add name NAME`: "type ipip local
    /// 10.0.0.1".</summary>
    public Dictionary<string, string> Devices { get; set; } = [];

    /// <summary>Interface name to addresses, "10.0.0.1/24" or a range "10.0.0.10-99/24".</summary>
    public Dictionary<string, List<string>> Addresses { get; set; } = [];

    /// <summary>Each as after `ip route add`.</summary>
    public List<string> Routes { get; set; } = [];

    public List<Service> Services { get; set; } = [];
}

internal sealed class Service
{
    public string Name { get; set; } = "";

    /// <summary>Templates, relative to the topology's folder, rendered into the node's folder of the run.</summary>
    public List<string> Files { get; set; } = [];

    public List<string> Run { get; set; } = [];

    /// <summary>The command ends by itself. It must succeed before the next service starts.</summary>
    public bool Once { get; set; }

    /// <summary>"tcp:PORT" or "udp:PORT": the service is up when it listens there.</summary>
    public List<string> Listens { get; set; } = [];
}

/// <summary>A cable between two nodes: a veth pair.</summary>
internal sealed class Link
{
    /// <summary>The two ends, each as node:interface.</summary>
    public List<string> Ends { get; set; } = [];

    public int Mtu { get; set; } = 1500;

    /// <summary>The end (node:interface) that gets the XDP program that passes everything; none when empty.</summary>
    public string PassProgramOn { get; set; } = "";
}

/// <summary>A change to the system while traffic flows.</summary>
internal sealed class RunStep
{
    /// <summary>
    /// kill-daemon, start-daemon, restart-daemon; add-server, drain-server, disable-server, enable-server,
    /// weigh-server, remove-server; add-service, remove-service; rotate-services; upgrade-daemon, downgrade-daemon,
    /// take-over-daemon; break-health-page, repair-health-page.
    /// </summary>
    public string Do { get; set; } = "";

    public string Server { get; set; } = "";

    public string Service { get; set; } = "";

    /// <summary>The new weight; for weigh-server only.</summary>
    public int Weight { get; set; }

    /// <summary>How many times the step is repeated; each time is a step of its own.</summary>
    public int Times { get; set; } = 1;

    /// <summary>How many requests must succeed after the step before the next step starts.</summary>
    public int RequestsAfter { get; set; }

    public string Title =>
        string.Join(' ', ((string[])[Do, Server, Service, Do == "weigh-server" ? $"{Weight}" : ""])
        .Where(w => w.Length > 0));
}
