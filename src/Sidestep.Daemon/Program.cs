using System.CommandLine;
using Sidestep.Daemon;
using Sidestep.Forwarding;

var config = new Option<string>("--config", "-c")
{
    Description = "The configuration file (docs/configuration.md); it is watched, and changes are applied as they are made.",
    Required = true,
};
var root = new RootCommand("Sidestep's director: forwards packets for virtual IPs to real servers, which answer clients directly.") { config };
root.SetAction((arguments, stop) => RunAsync(arguments.GetValue(config)!, stop));
// SIGTERM and SIGINT cancel; detaching takes as long as it takes, and a service manager has its own patience.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) }).ConfigureAwait(false);

static async Task<int> RunAsync(string path, CancellationToken stop)
{
    const int Failed = 1;
    var file = new ConfigurationFile(path);
    try
    {
        var result = file.Read();
        foreach (var warning in result.Warnings)
            Log.Warning(warning.Format(path, "warning"));
        foreach (var error in result.Errors)
            Log.Error(error.Format(path, "error"));
        if (result.Configuration is not { } configuration)
            return Failed;
        await new Director(file, configuration).RunAsync(stop).ConfigureAwait(false);
        return 0;
    }
    catch (EngineException e)
    {
        Log.Error(e.Message);
        return Failed;
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
    {
        Log.Error($"{path}: {e.Message}");
        return Failed;
    }
}
