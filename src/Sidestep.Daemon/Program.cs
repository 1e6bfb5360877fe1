using System.CommandLine;
using System.Runtime.InteropServices;
using Sidestep.Daemon;
using Sidestep.Forwarding;

var config = new Option<string>("--config", "-c")
{
    Description = "The configuration file (docs/configuration.md); it is watched, and changes are applied as they are made.",
    Required = true,
};
var root = new RootCommand("Sidestep's director: forwards packets for virtual IPs to real servers, which answer clients directly.") { config };
root.SetAction((arguments, _) => RunAsync(arguments.GetValue(config)!));
return await root.Parse(args).InvokeAsync().ConfigureAwait(false);

static async Task<int> RunAsync(string path)
{
    const int Failed = 1;
    var file = new ConfigurationFile(path);
    using var stop = new CancellationTokenSource();
    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    try
    {
        var result = file.Read();
        foreach (var warning in result.Warnings)
            Log.Warning(warning.Format(path, "warning"));
        foreach (var error in result.Errors)
            Log.Error(error.Format(path, "error"));
        if (result.Configuration is not { } configuration)
            return Failed;
        await new Director(file, configuration).RunAsync(stop.Token).ConfigureAwait(false);
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
