using Sidestep.Lab.Captures;
using Sidestep.Lab.Network;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Runs;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab;

/// <summary>A topology that is up: its namespaces and the processes in them.</summary>
internal sealed class LabRun
{
    private static readonly TimeSpan StartTimeout = ScaledTimeout.Seconds(60);
    private static readonly TimeSpan EndTimeout = ScaledTimeout.Seconds(60);

    private readonly Template _template;
    private readonly Action<string> _log;

    private LabRun(Topology topology, RunFolder folder, Action<string> log)
    {
        Topology = topology;
        Folder = folder;
        _log = log;
        _template = new Template(new Dictionary<string, string>
        {
            ["vip"] = topology.Vip,
            ["run"] = folder.Root,
            ["id"] = folder.Id,
            ["sidestep"] = LabPaths.CurrentBuild.Cli,
            ["sidestep-agent"] = LabPaths.Agent,
            ["sidestep-lab"] = LabPaths.Lab,
            ["other-version"] = LabPaths.OtherVersionAgent,
        });
    }

    public Topology Topology { get; }

    public RunFolder Folder { get; }

    /// <summary>The build that StartDaemonAsync starts and whose command line the lab uses.</summary>
    public DirectorBuild Build { get; set; } = LabPaths.CurrentBuild;

    public string DirectorConfiguration
        => Path.Combine(Folder.NodeFolder(Topology.Director.Node), Path.GetFileName(Topology.Director.Configuration));

    /// <summary>The socket of the director's daemon; null: there is none.</summary>
    public string? DaemonSocket => Directory.Exists(Processes.DaemonSocket.Folder)
        ? Directory.GetFiles(Processes.DaemonSocket.Folder, $"*-sidestep-lab-{Folder.Id}-*.sock").SingleOrDefault()
        : null;

    /// <summary>Builds the network. Call <see cref="StartServicesAsync"/> later, so that captures see the first frame
    /// of the services.</summary>
    public static async Task<LabRun> CreateAsync(Topology topology, Action<string> log, CancellationToken cancel)
    {
        await KernelDevices.CheckAsync(topology, cancel);
        await RunCatalog.RemoveStaleAsync(log);
        var run = new LabRun(topology, RunFolder.Create(topology.Name), log)
        {
            Build = topology.EarlierBuild
            ?? LabPaths.CurrentBuild
        };
        try
        {
            log($"run {run.Folder.Id}: {topology.Name}: {topology.Nodes.Count} namespaces, {topology.Links.Count} "
                + "links");
            await new NetworkBuilder(topology, run.Folder).BuildAsync(cancel);
            SampleFile.Write(run.Folder.Root);
            HealthPage.Write(run.Folder.Root);
            Certificates.Write(topology.Certificates, Path.Combine(run.Folder.Root, Certificates.FolderName));
            foreach (var node in topology.Nodes)
            {
                foreach (var service in node.Services)
                    run.RenderFiles(node, service);
            }
            return run;
        }
        catch
        {
            await run.RemoveAsync();
            throw;
        }
    }

    public async Task StartServicesAsync(CancellationToken cancel)
    {
        foreach (var node in Topology.Nodes)
        {
            foreach (var service in node.Services)
                await StartAsync(node, service, cancel);
        }
    }

    public Task StartDaemonAsync(CancellationToken cancel)
    {
        var node = Topology.Node(Topology.Director.Node);
        return StartAsync(node, node.Services.Find(s => s.Name == Topology.Director.Service)!, cancel);
    }

    /// <summary>Starts a service of a node as the topology says, and waits until it is up.</summary>
    public Task StartServiceAsync(string node, string service, CancellationToken cancel)
    {
        var found = Topology.Node(node);
        return StartAsync(found, found.Services.Find(s => s.Name == service)
            ?? throw new LabException($"{node} has no service '{service}'."), cancel);
    }

    /// <summary>Ends a process of a node, by the name that it was started with.</summary>
    public Task EndServiceAsync(string node, string name)
        => ProcessSignals.EndAsync([(Folder.Find(node, name)
            ?? throw new LabException($"On {node} nothing was started as '{name}'.")).Identity]);

    /// <summary>Fills in the placeholders of a line of the topology, for a node.</summary>
    public string Fill(string text, string node) => Fill(text, Topology.Node(node));

    /// <summary>Sends SIGKILL, so the daemon cannot clean up.</summary>
    /// <returns>False if the daemon still runs.</returns>
    public Task<bool> KillDaemonAsync(CancellationToken cancel) => EndDaemonAsync("KILL", cancel);

    /// <summary>Sends SIGTERM and waits until the daemon has ended.</summary>
    /// <returns>False if the daemon still runs.</returns>
    public Task<bool> StopDaemonAsync(CancellationToken cancel) => EndDaemonAsync("TERM", cancel);

    public RecordedProcess Daemon => Folder.Find(Topology.Director.Node, Topology.Director.Service)
        ?? throw new LabException("The daemon has not been started.");

    /// <summary>Starts a process in a node and records it, so that the end of the run, or a later run, ends
    /// it.</summary>
    public NamespaceProcess Launch(string node, string name, IReadOnlyList<string> command, bool piped = false)
    {
        var log = Folder.Log(node, name);
        var process = NamespaceProcess.Start(Folder.Namespace(node), command, log, piped);
        Folder.Add(new RecordedProcess(node, name, process.Identity, log));
        return process;
    }

    public async Task<Capture> CaptureAsync(string name, LinkEnd end, CancellationToken cancel)
    {
        var path = Path.Combine(Folder.Captures, $"{name}.pcap");
        var capture = new Capture(path, Launch(end.Node, $"capture-{name}", Capture.Command(end.Interface, path)));
        await capture.WaitUntilStartedAsync(cancel);
        return capture;
    }

    public Task RemoveAsync() => Teardown.RemoveAsync(Folder.Id, Folder.Record.Processes);

    private async Task StartAsync(Node node, Service service, CancellationToken cancel)
    {
        var command = service.Run.ConvertAll(word => Fill(word, node));
        _log($"{node.Name}: {service.Name}");
        if (service.Once)
        {
            await SystemCommand.RunAsync(Folder.Namespace(node.Name).Enter(command), cancel);
            return;
        }
        using var process = Launch(node.Name, service.Name, command);
        await Wait.UntilAsync(
            () => !process.Identity.IsAlive() || service.Listens.All(s => ListenerCheck.Has(process.Identity, s)),
            StartTimeout,
            () => $"{service.Name} on {node.Name} does not listen on "
                + $"{string.Join(" and ", service.Listens)}:\n{NamespaceProcess.Tail(process.Log)}",
            cancel);
        if (!process.Identity.IsAlive())
            throw new LabException(
                $"{service.Name} on {node.Name} ended immediately; the end of its "
                    + $"log:\n{NamespaceProcess.Tail(process.Log, 20)}");
    }

    private async Task<bool> EndDaemonAsync(string signal, CancellationToken cancel)
    {
        var daemon = Daemon.Identity;
        await ProcessSignals.SendAsync(signal, [daemon]);
        return await Wait.TryUntilAsync(() => !daemon.IsAlive(), EndTimeout, cancel);
    }

    private void RenderFiles(Node node, Service service)
    {
        foreach (var file in service.Files)
        {
            var text = File.ReadAllText(Path.Combine(Topology.Folder, file));
            if (node.Name == Topology.Director.Node && file == Topology.Director.Configuration)
                text = Topology.EngineOverride?.ApplyTo(text) ?? text;
            File.WriteAllText(Path.Combine(Folder.NodeFolder(node.Name), Path.GetFileName(file)), Fill(text, node));
        }
    }

    /// <summary>Fills in the placeholders of a text, for a node.</summary>
    public string Fill(string text, Node node)
        => _template.Fill(
            text.Replace("{sidestepd}", Build.Daemon, StringComparison.Ordinal)
                .Replace("{node}", node.Name, StringComparison.Ordinal)
                .Replace("{home}", Folder.NodeFolder(node.Name), StringComparison.Ordinal),
            Topology.Folder);
}
