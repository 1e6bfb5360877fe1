using System.CommandLine;
using Sidestep.Daemon;

var config = new Option<string>("--config", "-c")
{
    Description = "The configuration file (docs/configuration.md). The daemon applies every change of the file.",
    Required = true,
};
config.Validators.Add(static result =>
{
    if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string>()))
        result.AddError("--config is empty: name the configuration file, such as /etc/sidestep/sidestep.yaml");
});
var root =
    new RootCommand(
    "Sidestep's director: forwards packets for virtual IPs to real servers, which reply to clients directly.")
{
    config,
};
root.SetAction((arguments, _) => DirectorProgram.RunAsync(arguments.GetValue(config)!));
// DirectorProgram handles signals: the library would handle them only after the start.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null })
    .ConfigureAwait(false);
