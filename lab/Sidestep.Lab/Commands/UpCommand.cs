using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Commands;

internal static class UpCommand
{
    public static async Task<int> RunAsync(Topology topology)
    {
        using var shutdown = new ShutdownSignal();
        var run = await LabRun.CreateAsync(topology, ConsoleLog.Progress, shutdown.Token);
        try
        {
            await run.StartServicesAsync(shutdown.Token);
        }
        catch
        {
            await run.RemoveAsync();
            throw;
        }
        run.Folder.Save(run.Folder.Record with { IsDetached = true });

        Console.WriteLine(TopologyReader.Drawing(topology));
        Console.WriteLine($"""

            {topology.Name} is up as run {run.Folder.Id}: configuration, logs and captures are in {run.Folder.Root}.
              ./sidestep lab shell {topology.Clients.Node}     then: curl -si http://{topology.Vip}/ | head
              ./sidestep lab capture {topology.Director.Node}
              ./sidestep lab down
            """);
        return 0;
    }
}
