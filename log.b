nohup: failed to run command './go.sh': No such file or directory
